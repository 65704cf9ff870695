// The default theme, with our colours and the components of the site's own pages.
import DefaultTheme from 'vitepress/theme';
import LiveTrace from '../../components/LiveTrace.vue';
import ThemedPicture from '../../components/ThemedPicture.vue';
import './style.css';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('LiveTrace', LiveTrace);
    app.component('ThemedPicture', ThemedPicture);
  },
};
